/** When each part of a start was ready, so that one sees what makes it slow. */
export class Timeline {
  readonly #start = performance.now();
  readonly #lines: { name: string; from: number; to: number }[] = [];

  /** Waits for `work` and notes when it began and ended. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const from = performance.now();
    const result = await work();
    this.#lines.push({ name, from: from - this.#start, to: performance.now() - this.#start });
    return result;
  }

  toString(): string {
    const seconds = (ms: number): string => (ms / 1000).toFixed(1).padStart(5);
    const lines = this.#lines.toSorted((a, b) => a.from - b.from).map(({ name, from, to }) => `  ${seconds(from)} -${seconds(to)} s  ${name}`);
    return ["Start of the node:", ...lines].join("\n");
  }
}
