import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/** A pattern with `${partition}`, `${region}` and `${account}` filled in. */
export const filledIn = (scope: Construct, pattern: string): string => {
  const { partition, region, account } = Stack.of(scope);
  return pattern.replaceAll('${partition}', partition).replaceAll('${region}', region).replaceAll('${account}', account);
};
