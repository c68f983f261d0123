import type { IChainable } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { jobEnded } from './job-ended.ts';
import { secretLeaked } from './secret-leaked.ts';
import type { Steps } from './steps.ts';

/** Every playbook there is, by the name of the trigger that starts it. To add one: a file beside this one and a line here. */
export const playbooks = { 'secret-leaked': secretLeaked, 'job-ended': jobEnded } satisfies Record<string, (scope: Construct, functions: Steps) => IChainable>;

export type PlaybookName = keyof typeof playbooks;

export const playbookNames = Object.keys(playbooks) as PlaybookName[];
