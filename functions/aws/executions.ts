import { DescribeExecutionCommand, SendTaskSuccessCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { executionNameOf } from '../core/ids.ts';
import { dropWaker, wakersOf } from './claims.ts';
import type { ClientOf } from './clients.ts';
import type { Ledger } from './ledger.ts';

const arnOf = (playbook: string, name: string): string => `${playbook.replace(':stateMachine:', ':execution:')}:${name}`;

const named = (error: unknown, ...names: string[]): boolean => error instanceof Error && names.includes(error.name);

/** Starts a case's playbook under case and attempt. Starting it twice is fine: the name lets only one run. `again` names a second run of an attempt that has ended. */
export const startPlaybook = async (clientOf: ClientOf, playbook: string, caseId: string, attempt: number, again?: string): Promise<void> => {
  const name = executionNameOf(caseId, attempt) + (again ? `-${again}` : '');
  try {
    await clientOf(SFNClient).send(
      new StartExecutionCommand({ stateMachineArn: playbook, name, input: JSON.stringify({ case: caseId, attempt }) }),
    );
  } catch (error) {
    if (!named(error, 'ExecutionAlreadyExists')) throw error;
  }
};

/** Whether that attempt's execution is running; false for one that ended or never was. */
export const isRunning = async (clientOf: ClientOf, playbook: string, caseId: string, attempt: number): Promise<boolean> => {
  try {
    const { status } = await clientOf(SFNClient).send(new DescribeExecutionCommand({ executionArn: arnOf(playbook, executionNameOf(caseId, attempt)) }));
    return status === 'RUNNING';
  } catch (error) {
    if (named(error, 'ExecutionDoesNotExist')) return false;
    throw error;
  }
};

/** Stops an attempt before the next one begins; one that ended is left alone. */
export const stopPlaybook = async (clientOf: ClientOf, playbook: string, caseId: string, attempt: number): Promise<void> => {
  try {
    await clientOf(SFNClient).send(new StopExecutionCommand({ executionArn: arnOf(playbook, executionNameOf(caseId, attempt)), cause: 'the next attempt begins' }));
  } catch (error) {
    if (!named(error, 'ExecutionDoesNotExist', 'ValidationException')) throw error;
  }
};

/** Wakes a playbook that waits. Its next state reads what happened; a token that is no longer good is no harm. */
export const wake = async (clientOf: ClientOf, token: string, step: { case: string; attempt: number }): Promise<void> => {
  try {
    await clientOf(SFNClient).send(new SendTaskSuccessCommand({ taskToken: token, output: JSON.stringify(step) }));
  } catch (error) {
    if (!named(error, 'TaskDoesNotExist', 'TaskTimedOut', 'InvalidToken')) throw error;
  }
};

/** Wakes everybody who waits for `what`. They leave the list after they were woken: a crash in between wakes them twice, never not at all. */
export const wakeAll = async (clientOf: ClientOf, ledger: Ledger, what: string): Promise<void> => {
  for (const waker of await wakersOf(ledger, what)) {
    await wake(clientOf, waker.token, waker);
    await dropWaker(ledger, what, waker);
  }
};
