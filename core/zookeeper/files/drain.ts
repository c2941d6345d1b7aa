/** Walks to the end, for whoever does not set the pace. @returns what the walk came to */
export async function drain<T>(walk: AsyncGenerator<unknown, T, void>): Promise<T> {
  for (;;) {
    const step = await walk.next();
    if (step.done) return step.value;
  }
}
