import { PutUserPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import type { Edges } from '../edges.ts';
import { denyPolicyName } from './facts.ts';

/** A moment as policies write it: whole seconds, UTC. */
export const momentOf = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');

/** The policy text that denies every session issued before that moment. */
export const denyText = (before: Date): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'RescindDenyOlderSessions', Effect: 'Deny', Action: '*', Resource: '*', Condition: { DateLessThan: { 'aws:TokenIssueTime': momentOf(before) } } }],
  });

interface DenyShape {
  Statement?: { Effect?: unknown; Condition?: { DateLessThan?: Record<string, unknown> } }[];
}

/** Before which moment that text denies sessions; undefined where it is not a text of ours. */
export const deniedBefore = (text: string | undefined): Date | undefined => {
  if (text === undefined) return undefined;
  try {
    const { Statement } = JSON.parse(text) as DenyShape;
    const moment = Array.isArray(Statement) && Statement[0]?.Effect === 'Deny' ? Statement[0].Condition?.DateLessThan?.['aws:TokenIssueTime'] : undefined;
    const date = typeof moment === 'string' ? new Date(moment) : undefined;
    return date && !Number.isNaN(date.getTime()) ? date : undefined;
  } catch {
    return undefined;
  }
};

/** Writes a text as our inline policy of that user. */
export const putDeny = async (edges: Edges, user: string, text: string, signal: AbortSignal): Promise<void> => {
  await edges.clientOf(IAMClient).send(new PutUserPolicyCommand({ UserName: user, PolicyName: denyPolicyName, PolicyDocument: text }), { abortSignal: signal });
};
