import { RotateSecretCommand, SecretsManagerClient, type RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { Edges } from '../edges.ts';

/** What cancelling a rotation switches off: by which function and when a secret rotates by itself. */
export interface Schedule {
  lambda?: string;
  rules?: RotationRulesType;
}

/** AWS takes a schedule in one of two forms, and tells both. */
const rulesToSet = (rules: RotationRulesType | undefined): RotationRulesType | undefined => {
  if (!rules) return undefined;
  const { AutomaticallyAfterDays, Duration, ScheduleExpression } = rules;
  return ScheduleExpression ? { ScheduleExpression, Duration } : { AutomaticallyAfterDays, Duration };
};

/** Asks for the rotation under that token, which also switches automatic rotation on; where a schedule is given, with it. */
export const rotateNow = async (edges: Edges, place: string, token: string, schedule: Schedule | undefined, signal: AbortSignal): Promise<void> => {
  const settings = schedule && { RotationLambdaARN: schedule.lambda, RotationRules: rulesToSet(schedule.rules) };
  await edges.clientOf(SecretsManagerClient).send(new RotateSecretCommand({ SecretId: place, ClientRequestToken: token, ...settings }), { abortSignal: signal });
};

/** Switches automatic rotation on again as it was, without rotating now. */
export const switchOn = async (edges: Edges, place: string, { lambda, rules }: Schedule, signal: AbortSignal): Promise<void> => {
  const command = new RotateSecretCommand({ SecretId: place, RotationLambdaARN: lambda, RotationRules: rulesToSet(rules), RotateImmediately: false });
  await edges.clientOf(SecretsManagerClient).send(command, { abortSignal: signal });
};
