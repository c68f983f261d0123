import { DescribeExecutionCommand } from '@aws-sdk/client-sfn';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { caseOf, isEnded, type Case, type Line } from '../../functions/core/case.ts';
import { executionNameOf } from '../../functions/core/ids.ts';
import { sentenceOf, whatOf } from '../../functions/core/story.ts';
import type { Deployed } from './deployed.ts';
import { until } from './until.ts';

/** Every case in the ledger table, read line by line as an auditor would. */
export const casesIn = async ({ clients, outputs }: Deployed): Promise<Case[]> => {
  const lines = new Map<string, Line[]>();
  let from: Record<string, unknown> | undefined;
  do {
    const page = await clients.documents.send(new ScanCommand({ TableName: outputs.LedgerTableName, ConsistentRead: true, ExclusiveStartKey: from }));
    for (const { pk, sk, line } of page.Items ?? []) {
      if (typeof pk !== 'string' || !pk.startsWith('case#') || !String(sk).startsWith('line#')) continue;
      const id = pk.slice('case#'.length);
      lines.set(id, [...(lines.get(id) ?? []), line as Line]);
    }
    from = page.LastEvaluatedKey;
  } while (from);
  return [...lines].map(([id, told]) => caseOf(id, told.sort((a, b) => a.n - b.n)));
};

/** A case's story for a person: one line each, without a value since the ledger holds none. */
export const timelineOf = ({ id, status, lines }: Case): string =>
  [`case ${id} is ${status}`, ...lines.map((line) => `  ${line.at} ${whatOf(line).padEnd(10)} ${sentenceOf(line)}`)].join('\n');

/** Waits until the case of that credential has ended; else throws its timeline and where to look. */
export const ended = async (deployed: Deployed, credential: string, seconds = 120): Promise<Case> => {
  let all: Case[] = [];
  return until(
    async () => {
      all = await casesIn(deployed);
      return all.find((found) => found.credential === credential && isEnded(found));
    },
    seconds,
    () => {
      const mine = all.filter((found) => found.credential === credential);
      const unmatched = all.filter((found) => found.credential === undefined);
      const told = (mine.length > 0 ? mine : unmatched).map(timelineOf).join('\n') || 'the ledger tells of no case for it';
      return `the case of ${credential} did not end within ${seconds} seconds\n${told}`;
    },
  );
};

/** How the execution of a case's last attempt stands, as Step Functions tells it. */
export const executionStatus = async ({ clients, outputs }: Deployed, { id, attempt }: Case): Promise<string> => {
  const executionArn = `${outputs.StateMachineArn.replace(':stateMachine:', ':execution:')}:${executionNameOf(id, attempt)}`;
  const look = async () => {
    const { status } = await clients.states.send(new DescribeExecutionCommand({ executionArn }));
    return status === 'RUNNING' ? undefined : status;
  };
  return until(look, 20, () => 'RUNNING');
};
