import { describe, expect, it } from 'vitest';
import { inFlight } from '../../functions/connectors/in-flight.ts';

const never = new AbortController().signal;
const gate = (): { open: (value: string) => void; shut: (error: Error) => void; promise: Promise<string> } => {
  let open: (value: string) => void = () => undefined;
  let shut: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((resolve, reject) => {
    open = resolve;
    shut = reject;
  });
  return { open, shut, promise };
};

describe('requests in flight', () => {
  it('are shared by those who ask the same at the same moment, and by nobody later', async () => {
    const flights = inFlight<string>();
    const gates = [gate(), gate(), gate()];
    let started = 0;
    const start = (): Promise<string> => gates[started++]?.promise ?? Promise.resolve('');
    const both = [flights.share('a', never, start), flights.share('a', never, start), flights.share('b', never, start)];
    expect(started).toBe(2);
    gates[0]?.open('one');
    gates[1]?.open('two');
    expect(await Promise.all(both)).toEqual(['one', 'one', 'two']);
    gates[2]?.open('three');
    expect(await flights.share('a', never, start)).toBe('three');
  });

  it('that fail fail for all who wait, and are not kept', async () => {
    const flights = inFlight<string>();
    const { shut, promise } = gate();
    const waiting = [flights.share('a', never, () => promise), flights.share('a', never, () => promise)];
    shut(new Error('no'));
    expect((await Promise.allSettled(waiting)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flights.share('a', never, () => Promise.resolve('yes'))).toBe('yes');
  });

  it('go on while anybody waits, and are stopped when nobody does', async () => {
    const flights = inFlight<string>();
    const { open, promise } = gate();
    const [first, second] = [new AbortController(), new AbortController()];
    let stopped = false;
    const start = (signal: AbortSignal): Promise<string> => {
      signal.addEventListener('abort', () => (stopped = true));
      return promise;
    };
    const waiting = [flights.share('a', first.signal, start), flights.share('a', second.signal, start)];
    first.abort(new Error('first left'));
    await expect(waiting[0]).rejects.toThrow('first left');
    expect(stopped).toBe(false);
    second.abort(new Error('second left'));
    await expect(waiting[1]).rejects.toThrow('second left');
    expect(stopped).toBe(true);
    open('too late');
    await expect(flights.share('a', AbortSignal.abort(new Error('gone')), start)).rejects.toThrow('gone');
  });
});
