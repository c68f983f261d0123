import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { Behaviours } from '../behaviour.ts';
import { pause } from './pause.ts';
import type { Schedule, Schedules } from './scheduler-journal.ts';
import { keyOf } from './scheduler-journal.ts';

export interface TimerOptions {
  kept: Schedules;
  clock: Clock;
  behaviours: Behaviours;
  arnOf: (schedule: Pick<Schedule, 'group' | 'name'>) => string;
  account: string;
  region: string;
  /** Puts the text on that queue; a rejection is a failed attempt. */
  onFire: (targetArn: string, input: string) => void | Promise<void>;
  signal: AbortSignal;
}

const FIRST_RETRY_SECONDS = 1;
const LONGEST_RETRY_SECONDS = 60;

const isDue = ({ fields, isCompleted }: Schedule): boolean => fields.State === 'ENABLED' && isCompleted !== true;

/** What is sent: the input with Scheduler's own words filled in, or the event that it sends where none is given. */
const sentBy = (schedule: Schedule, arn: string, attempt: number, execution: string, { account, region }: TimerOptions): string => {
  const time = `${new Date(schedule.at).toISOString().slice(0, 19)}Z`;
  const { Input } = schedule.fields.Target;
  if (Input === undefined) return JSON.stringify({ version: '0', id: execution, 'detail-type': 'Scheduled Event', source: 'aws.scheduler', account, time, region, resources: [arn], detail: '{}' });
  return Input.replaceAll('<aws.scheduler.schedule-arn>', arn).replaceAll('<aws.scheduler.scheduled-time>', time).replaceAll('<aws.scheduler.execution-id>', execution).replaceAll('<aws.scheduler.attempt-number>', String(attempt));
};

/**
 * Fires each schedule when its time has come, not before, at least once: a killed process fires again what it had not yet
 * ticked off. It asks the behaviours for the operation `Invoke` before each attempt: `delay`, `lag` and `later` fire late, `lie`
 * never fires, `throttle`, `refuse` and `down` are failed attempts, `drop` sends and does not know it.
 */
export const startTimer = (options: TimerOptions): { changed(at: number): void } => {
  const { kept, clock, behaviours, signal } = options;
  const firing = new Set<Schedule>();
  let next = Infinity;
  let wake = new AbortController();

  const attempt = async (schedule: Schedule, text: string): Promise<boolean> => {
    const effects = behaviours.of({ service: 'scheduler', operation: 'Invoke', resource: `${schedule.name} ${options.arnOf(schedule)} ${schedule.fields.Target.Arn}` });
    for (const { effect, seconds } of effects) if (effect === 'delay' || effect === 'lag' || effect === 'later') await pause(clock, (seconds ?? 1) * 1000, signal);
    if (effects.some(({ effect }) => effect === 'lie')) return true;
    if (!isStill(schedule) || effects.some(({ effect }) => effect === 'throttle' || effect === 'refuse' || effect === 'down')) return false;
    try {
      await options.onFire(schedule.fields.Target.Arn, text);
    } catch {
      return false;
    }
    return !effects.some(({ effect }) => effect === 'drop');
  };

  const isStill = (schedule: Schedule): boolean => kept.schedules.get(keyOf(schedule.group, schedule.name)) === schedule && !signal.aborted;

  const fire = async (schedule: Schedule): Promise<void> => {
    const { RetryPolicy: policy, DeadLetterConfig: deadLetter } = schedule.fields.Target;
    const arn = options.arnOf(schedule);
    const execution = randomUUID();
    const begun = clock.now().getTime();
    for (let count = 1; isStill(schedule); count += 1) {
      const text = sentBy(schedule, arn, count, execution, options);
      if (await attempt(schedule, text)) break;
      const wait = Math.min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (count - 1)) * 1000;
      const isTooOld = clock.now().getTime() + wait - begun > (policy?.MaximumEventAgeInSeconds ?? 86_400) * 1000;
      if (count > (policy?.MaximumRetryAttempts ?? 185) || isTooOld) {
        // what not even the dead-letter queue takes is lost, as it is with AWS
        if (deadLetter?.Arn !== undefined) await Promise.resolve(options.onFire(deadLetter.Arn, text)).catch(() => undefined);
        break;
      }
      await pause(clock, wait, signal);
    }
    // replaced or deleted meanwhile: what is there now is not the one that ran
    if (!isStill(schedule)) return;
    if (schedule.fields.ActionAfterCompletion === 'DELETE') kept.change({ op: 'delete', group: schedule.group, name: schedule.name });
    else kept.change({ op: 'put', schedule: { ...schedule, isCompleted: true } });
  };

  const turn = async (): Promise<void> => {
    while (!signal.aborted) {
      const now = clock.now().getTime();
      next = Infinity;
      for (const schedule of kept.schedules.values()) {
        if (!isDue(schedule) || firing.has(schedule)) continue;
        if (schedule.at > now) next = Math.min(next, schedule.at);
        else {
          firing.add(schedule);
          void fire(schedule)
            .catch(() => undefined)
            .finally(() => firing.delete(schedule));
        }
      }
      wake = new AbortController();
      const woken = AbortSignal.any([wake.signal, signal]);
      // with nothing to wait for, no clock is asked: a fast one would tick for nobody
      if (next === Infinity) await new Promise((resolve) => (woken.aborted ? resolve(undefined) : woken.addEventListener('abort', resolve, { once: true })));
      else await pause(clock, next - now, woken).catch(() => undefined);
    }
  };
  void turn();
  return {
    changed: (at) => {
      if (at < next) wake.abort(new Error('an earlier schedule'));
    },
  };
};
