/** A sum of unsigned 32-bit numbers, modulo 2^64, without a BigInt per number: what ZooKeeper's digests are. */
export class Sum64 {
  private high = 0;
  private low = 0;

  /** @param text as {@link toString} writes it */
  static of(text: string): Sum64 {
    const value = BigInt.asUintN(64, BigInt(text));
    const sum = new Sum64();
    sum.high = Number(value >> 32n);
    sum.low = Number(value & 0xffff_ffffn);
    return sum;
  }

  add(value: number): void {
    const low = this.low + value;
    this.low = low >>> 0;
    if (low > 0xffff_ffff) this.high = (this.high + 1) >>> 0;
  }

  subtract(value: number): void {
    const low = this.low - value;
    this.low = low >>> 0;
    if (low < 0) this.high = (this.high - 1) >>> 0;
  }

  /** Decimal and signed, as a server prints it. */
  toString(): string {
    return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(this.low)).toString();
  }
}
