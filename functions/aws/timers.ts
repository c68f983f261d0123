import { ActionAfterCompletion, CreateScheduleCommand, DeleteScheduleCommand, FlexibleTimeWindowMode, SchedulerClient, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import type { ClientOf } from './clients.ts';
import { sendEnd, type TimerMessage } from './ends.ts';

/** Where the leases' timers are kept and where they send. */
export interface TimerPlace {
  group: string;
  /** Under which EventBridge Scheduler sends. */
  role: string;
  /** ARNs of the queue and of its dead letters. */
  queue: string;
  dead: string;
}

const named = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

const scheduleOf = (lease: string, at: Date, { group, role, queue, dead }: TimerPlace) => ({
  Name: lease,
  GroupName: group,
  ScheduleExpression: `at(${at.toISOString().slice(0, 19)})`,
  ScheduleExpressionTimezone: 'UTC',
  FlexibleTimeWindow: { Mode: FlexibleTimeWindowMode.OFF },
  ActionAfterCompletion: ActionAfterCompletion.DELETE,
  Target: { Arn: queue, RoleArn: role, Input: JSON.stringify({ kind: 'timer', lease } satisfies TimerMessage), DeadLetterConfig: { Arn: dead } },
});

const mostTurns = 4;

const setTimer = async (clientOf: ClientOf, place: TimerPlace, lease: string, at: Date, isNew: boolean): Promise<void> => {
  const schedule = scheduleOf(lease, at, place);
  // others may set it, and it may go off and be gone, between any two tries
  for (let [turn, isCreating] = [1, isNew]; ; turn += 1, isCreating = !isCreating) {
    try {
      await (isCreating ? clientOf(SchedulerClient).send(new CreateScheduleCommand(schedule)) : clientOf(SchedulerClient).send(new UpdateScheduleCommand(schedule)));
      return;
    } catch (error) {
      if (turn >= mostTurns || !named(error, isCreating ? 'ConflictException' : 'ResourceNotFoundException')) throw error;
    }
  }
};

/** EventBridge Scheduler keeps time to the minute, a queue to the second: what is due within this time gets both. */
const soonSeconds = 900;

/**
 * Sets a lease's timer; one whose time has come already is sent at once, since no schedule takes a time that has passed.
 * `isEarly`: one went off that was set for an earlier time, so the message to the second is left out.
 */
export const armTimer = async (lease: { id: string; timerAt?: string; expiresAt: string }, { clientOf, timers, endsQueue, now }: Armoury, { isNew, isEarly = false }: { isNew: boolean; isEarly?: boolean }): Promise<void> => {
  const at = new Date(lease.timerAt ?? lease.expiresAt);
  const seconds = (at.getTime() - now().getTime()) / 1000;
  if (seconds > 0) await setTimer(clientOf, timers, lease.id, at, isNew);
  if (seconds <= 0 || (seconds <= soonSeconds && !isEarly)) await sendEnd(clientOf, endsQueue, { kind: 'timer', lease: lease.id }, seconds);
};

interface Armoury {
  clientOf: ClientOf;
  timers: TimerPlace;
  endsQueue: string;
  now: () => Date;
}

/** Deletes a lease's timer; one that went off is gone already. */
export const deleteTimer = async (clientOf: ClientOf, { group }: TimerPlace, lease: string): Promise<void> => {
  try {
    await clientOf(SchedulerClient).send(new DeleteScheduleCommand({ Name: lease, GroupName: group }));
  } catch (error) {
    if (!named(error, 'ResourceNotFoundException')) throw error;
  }
};
