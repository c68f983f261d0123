import { awsHealth } from './aws-health.ts';
import { githubSecretScanning } from './github-secret-scanning.ts';
import { gitleaks } from './gitleaks.ts';
import { trufflehog } from './trufflehog.ts';
import type { Source } from './trigger.ts';

/** Every source there is. To add one: a file beside this one, a line here, and a folder of samples of the same name. */
export const sources: readonly Source[] = [
  githubSecretScanning,
  trufflehog,
  gitleaks,
  awsHealth,
];
