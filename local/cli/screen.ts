import type { Line } from '../../functions/core/case.ts';
import type { LeaseLine } from '../../functions/core/lease.ts';
import type { Log } from '../../functions/aws/log.ts';
import type { Clock } from '../clock.ts';
import type { Sent } from '../stories/sent.ts';
import { leaseTimelineRows } from '../terminal/lease-timeline.ts';
import { paintFor, widthFor, type Paint } from '../terminal/paint.ts';
import { refusedRows, repeatRows, sentRows, timelineOf } from '../terminal/timeline.ts';

/** Where the stories are told: standard output, or standard error where the former is for a machine. */
export interface Screen {
  paint: Paint;
  width: number;
  print(...lines: string[]): void;
  /** A line of a case, as it comes. */
  line(caseId: string, line: Line): void;
  /** A line of a lease, as it comes. */
  lease(lease: string, line: LeaseLine): void;
  sent(sent: Sent): void;
  /** A report that told nothing new, with the cases that it had led to before. */
  repeat(cases: readonly string[]): void;
  /** Shows what was turned away at the door, and nothing else: the timeline says the rest. */
  log: Log;
}

/** A screen on a stream; seconds are counted from its beginning. */
export const screenOn = (stream: NodeJS.WriteStream, clock: Clock, environment: NodeJS.ProcessEnv): Screen => {
  const paint = paintFor(stream, environment);
  const width = widthFor(stream);
  const start = clock.now().getTime();
  const seconds = (at: Date) => Math.max(0, (at.getTime() - start) / 1000);
  const print = (...lines: string[]) => {
    if (lines.length > 0) stream.write(`${lines.join('\n')}\n`);
  };
  const rowsOf = timelineOf(paint, width);
  const text = (value: unknown, otherwise: string) => (typeof value === 'string' ? value : otherwise);
  return {
    paint,
    width,
    print,
    line: (caseId, line) => print(...rowsOf(caseId, line, seconds(new Date(line.at)))),
    lease: (lease, line) => print(...leaseTimelineRows(lease, line, seconds(new Date(line.at)), paint, width)),
    sent: (sent) => print(...sentRows(sent, seconds(clock.now()), paint, width)),
    repeat: (cases) => print(...repeatRows(cases, seconds(clock.now()), paint, width)),
    log: {
      info: () => undefined,
      warn: (message, { source, status, error } = {}) => {
        if (message === 'lease request refused') print(...refusedRows('leases', Number(status), text(error, ''), seconds(clock.now()), paint, width));
        if (message === 'delivery refused') print(...refusedRows(text(source, 'no source of ours'), Number(status), text(error, ''), seconds(clock.now()), paint, width));
      },
      error: () => undefined,
    },
  };
};
