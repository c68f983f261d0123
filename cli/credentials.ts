import type { AwsCredentials } from './sign.ts';

/** What the AWS default credential chain finds: environment, profile, Identity Center, web identity, container, instance. */
export const awsCredentials = async (region: string): Promise<AwsCredentials> => {
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
  return defaultProvider({ clientConfig: { region } })();
};

/** The region of the chosen profile, as every AWS tool reads it; undefined where it has none. */
export const profileRegion = async (): Promise<string | undefined> => {
  const { STSClient } = await import('@aws-sdk/client-sts');
  try {
    return await new STSClient({}).config.region();
  } catch {
    return undefined;
  }
};

const found: [feature: RegExp, words: string][] = [
  [/SSO/, 'IAM Identity Center'],
  [/PROCESS/, 'the credential_process'],
  [/LOGIN/, 'aws login'],
  [/WEB_ID/, 'a web identity token'],
  [/STS_ASSUME_ROLE/, 'a role that is assumed'],
  [/IMDS/, "the instance's role"],
  [/HTTP/, "the container's role"],
];

/** Where credentials were found, in words; names no credential. */
export const sourceInWords = (credentials: AwsCredentials, environment: Readonly<Record<string, string | undefined>>): string => {
  // the SDK notes beside credentials which of its features found them
  const { $source = {} } = credentials as AwsCredentials & { $source?: object };
  const features = Object.keys($source).join(' ');
  const kinds = found.filter(([feature]) => feature.test(features)).map(([, words]) => words);
  if (/PROFILE/.test(features)) return [`the profile "${environment.AWS_PROFILE || 'default'}"`, ...kinds].join(', ');
  if (kinds.length > 0) return kinds.join(', ');
  return /ENV_VARS/.test(features) ? 'the environment (AWS_ACCESS_KEY_ID)' : 'the AWS default credential chain';
};
