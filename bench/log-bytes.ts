import type { Count, Log } from '../functions/aws/log.ts';

/** CloudWatch counts so many bytes for an event beside its text. */
const eventBytes = 26;
/** What Lambda itself says of an invocation: START, END and REPORT. */
const invocationBytes = 3 * eventBytes + 330;
/** What Step Functions says of one event of its history when it is told to leave the data out. */
const historyEventBytes = eventBytes + 430;
/** The front door's line about one request. */
export const accessBytes = eventBytes + 350;
/** One line of metrics in the embedded format: an invocation's, all of them together. */
export const metricBytes = eventBytes + 300;

/** What Powertools puts around each entry of ours, with names of a usual length. */
const envelope = {
  cold_start: false,
  function_arn: 'arn:aws:lambda:us-east-1:111122223333:function:rescind-dispatch',
  function_memory_size: '512',
  function_name: 'rescind-dispatch',
  function_request_id: '00000000-0000-4000-8000-000000000000',
  sampling_rate: 0,
  service: 'rescind',
  timestamp: '2026-03-02T08:15:00.000Z',
  xray_trace_id: '1-00000000-000000000000000000000000',
};

/** Measures what is logged: hand `log` and `count` to the service, and ask for the bytes. */
export interface LogMeter {
  log: Log;
  count: Count;
  bytes(): number;
}

export const logMeter = (): LogMeter => {
  let bytes = 0;
  const entry = (level: string) => (message: string, fields: Record<string, unknown> = {}) => {
    bytes += eventBytes + Buffer.byteLength(JSON.stringify({ level, message, ...envelope, ...fields }));
  };
  return {
    log: { info: entry('INFO'), warn: entry('WARN'), error: entry('ERROR') },
    count: () => void (bytes += metricBytes),
    bytes: () => bytes,
  };
};

/** What the platform logs by itself for so many invocations and events of playbooks. */
export const platformBytes = (invocations: number, historyEvents: number): number => invocations * invocationBytes + historyEvents * historyEventBytes;
