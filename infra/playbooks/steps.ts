import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Condition } from 'aws-cdk-lib/aws-stepfunctions';
import type { Next } from '../../functions/core/step.ts';

/** The functions that playbooks call, by their verb. */
export type Steps = Record<'plan' | 'contain' | 'rotate' | 'revoke' | 'probe' | 'record' | 'report', IFunction>;

/** One answer to "What next?". */
export const next = (word: Next['next']): Condition => Condition.stringEquals('$.next', word);
