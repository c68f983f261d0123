import { Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** Says why a rule of AwsSolutions does not hold here. `findings` narrows it to those and no others. */
export const accept = (construct: IConstruct, rule: string, reason: string, findings: readonly string[] = []): void => {
  const ids = findings.length === 0 ? [rule] : findings.map((finding) => `${rule}[${finding}]`);
  for (const id of ids) Validations.of(construct).acknowledge({ id, reason });
};

/** A resolved reference as the findings of cdk-nag write it: `<LogicalId.Arn>/*`. */
const flat = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as { Ref?: string; 'Fn::GetAtt'?: string[]; 'Fn::Join'?: [string, unknown[]] };
  if (Ref) return `<${Ref}>`;
  if (attribute) return `<${attribute.join('.')}>`;
  return join ? join[1].map(flat).join(join[0]) : JSON.stringify(value);
};

/** Says why exactly these resources of a role or policy, where they hold a wildcard, are as narrow as they can be. */
export const acceptWildcards = (construct: IConstruct, resources: readonly string[], reason: string): void => {
  const found = resources.map((resource) => flat(Stack.of(construct).resolve(resource))).filter((resource) => resource.includes('*'));
  if (found.length > 0) accept(construct, 'AwsSolutions-IAM5', reason, found.map((resource) => `Resource::${resource}`));
};
