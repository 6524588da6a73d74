/** Where a step's progress goes: one line an event, with the time since the command began. */
export interface Progress {
  /** Says that something happened. */
  say(message: string): void;
  /** Runs one step, names it when it begins and says how long it took, or that it failed. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** Progress on standard error, so that standard output stays clean for `--json`. */
export function consoleProgress(write: (text: string) => void = (text) => process.stderr.write(text)): Progress {
  const began = Date.now();
  const say = (message: string) => write(`[${seconds(began).padStart(8)}] ${message}\n`);
  return {
    say,
    async step(title, work) {
      const stepBegan = Date.now();
      say(`${title} ...`);
      try {
        const result = await work();
        say(`${title}: done in ${seconds(stepBegan)}`);
        return result;
      } catch (error) {
        say(`${title}: FAILED after ${seconds(stepBegan)}`);
        throw error;
      }
    },
  };
}
