/** Calls per second that AWS allows an account in a region; `GenerateMac` shares KMS's quota for cryptographic operations. */
export const quotas: Record<string, number> = {
  'SecretsManager ListSecrets': 100,
  'SecretsManager GetSecretValue': 10_000,
  'SecretsManager DescribeSecret': 40_000,
  'KMS GenerateMac': 10_000,
};

const secretsPerPage = 100;

/** The fewest seconds in which so many secrets can be listed, read once and fingerprinted: the slowest of the three, since they run side by side. */
export const floorSeconds = (secrets: number): number =>
  Math.max(Math.ceil(secrets / secretsPerPage) / (quotas['SecretsManager ListSecrets'] as number), secrets / (quotas['SecretsManager GetSecretValue'] as number), secrets / (quotas['KMS GenerateMac'] as number));

/** The seconds that these calls take at the quotas; calls without a quota here take none. */
export const secondsAtQuota = (calls: Record<string, number>): number => Math.max(0, ...Object.entries(calls).map(([name, count]) => count / (quotas[name] ?? Infinity)));
