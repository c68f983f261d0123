import { App, Stack } from 'aws-cdk-lib/core';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Playbook } from '../playbook.ts';
import { playbookNames } from './index.ts';
import type { PlaybookName } from './index.ts';
import type { Steps } from './steps.ts';

const verbs = ['plan', 'contain', 'rotate', 'revoke', 'probe', 'record', 'report'] as const satisfies readonly (keyof Steps)[];

/** The text that CloudFormation would make of a join in the partition `aws`. */
const joined = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const [separator, parts] = (value as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  return parts.map((part) => (typeof part === 'string' ? part : 'aws')).join(separator);
};

/**
 * The definitions of all playbooks, in the Amazon States Language, by name: the very ones that the stack deploys, except that
 * the functions are named `arn:aws:lambda:us-east-1:111122223333:function:<verb>`.
 */
export const synthesizedPlaybooks = async (): Promise<Record<PlaybookName, Record<string, unknown>>> => {
  const stack = new Stack(new App(), 'Print', { env: { account: '111122223333', region: 'us-east-1' } });
  const functions = Object.fromEntries(
    verbs.map((verb) => [verb, LambdaFunction.fromFunctionArn(stack, verb, `arn:aws:lambda:us-east-1:111122223333:function:${verb}`)]),
  ) as unknown as Steps;
  const definitions = playbookNames.map((name) => {
    const { machine } = new Playbook(stack, name, { name, prefix: 'rescind', functions });
    const { definitionString } = machine.node.defaultChild as CfnStateMachine;
    return [name, JSON.parse(joined(stack.resolve(definitionString)))];
  });
  return Object.fromEntries(definitions) as Record<PlaybookName, Record<string, unknown>>;
};

if (import.meta.main) process.stdout.write(`${JSON.stringify(await synthesizedPlaybooks(), null, 2)}\n`);
