import { endAll } from './command.ts';

/** What is undone at the end, last things first and after every process that was started has ended, however the end comes. */
export interface Undo {
  add(undo: () => Promise<void> | void): void;
  /** Undoes everything once; a failure of one does not stop the others. */
  run(): Promise<void>;
}

/** Begins a list of things to undo. Ctrl-C and a termination undo them as well and end the process with 130 or 143. */
export const undoAtTheEnd = (): Undo => {
  const steps: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | undefined;
  const all = async (): Promise<void> => {
    await endAll();
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await step();
      } catch (error) {
        console.error(`while cleaning up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  };
  const run = () => (running ??= all());
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    process.once(signal, () => {
      console.error(`\n${signal}: cleaning up`);
      void run().finally(() => process.exit(code));
    });
  }
  return { add: (undo) => void steps.push(undo), run };
};
