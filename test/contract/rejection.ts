/** The error that a promise rejects with; a promise that fulfils fails the test. */
export async function rejection(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => Promise.reject(new Error("it did not reject")),
    (error: Error) => error,
  );
}
