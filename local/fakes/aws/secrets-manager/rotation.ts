import type { Operation, Run } from '../operations.ts';
import type { Rotation } from '../state.ts';
import { addVersion, badParameter, changing, invalid, moveLabels, newVersionId, parametersOf, record, secretAsked, versionWith } from './secret.ts';

interface Given {
  SecretId?: string;
  ClientRequestToken?: string;
  RotationLambdaARN?: string;
  RotationRules?: Rotation['rules'];
  RotateImmediately?: boolean;
}

const rotate = (run: Run) => {
  const given = parametersOf<Given>(run);
  const secret = secretAsked(run, given.SecretId);
  const token = given.ClientRequestToken ?? newVersionId(run);
  if (token.length < 32 || token.length > 64) throw badParameter('ClientRequestToken must be 32-64 characters long.');
  const isManaged = secret.owningService !== undefined || secret.type !== undefined;
  if (secret.owningService !== undefined && (given.RotationLambdaARN !== undefined || given.RotationRules !== undefined || given.RotateImmediately === false))
    throw invalid(`You can't change how this secret rotates because it is managed by ${secret.owningService}.`);
  const functionArn = given.RotationLambdaARN ?? secret.rotation?.functionArn;
  if (functionArn === undefined && !isManaged) throw invalid('No Lambda rotation function ARN is associated with this secret.');
  const immediately = given.RotateImmediately ?? true;
  const pending = versionWith(secret, 'AWSPENDING');
  const isStuck = pending !== undefined && pending !== token && pending !== versionWith(secret, 'AWSCURRENT');
  if (immediately && isStuck) throw invalid("A previous rotation isn't complete. That rotation will be reattempted.");
  changing(run, secret);
  const running = secret.rotation?.running;
  secret.rotation = { ...secret.rotation, functionArn, enabled: true, rules: given.RotationRules ?? secret.rotation?.rules };
  record(run, secret, { clientRequestToken: token, rotationLambdaARN: functionArn, rotateImmediately: immediately });
  if (!immediately) return { ARN: secret.arn, Name: secret.name };
  const known = Object.hasOwn(secret.versions, token) ? secret.versions[token] : undefined;
  // The same token again is the same rotation: nothing begins that is under way or already over.
  const isOver = known !== undefined && (known.stages.includes('AWSCURRENT') || !known.stages.includes('AWSPENDING'));
  if (!isOver && running?.token !== token) {
    // Empty until the function puts its value: the functions that AWS publishes insist on finding the version here.
    if (!known) addVersion(secret, token, { createdAt: run.now.toISOString() }, run.now);
    moveLabels(run, secret, ['AWSPENDING'], token);
    secret.rotation.running = { token, stepsDone: 0 };
    run.after(() => run.house.rotate(secret.name));
  }
  return { ARN: secret.arn, Name: secret.name, VersionId: token };
};

const cancel = (run: Run) => {
  const secret = secretAsked(run, parametersOf<Given>(run).SecretId);
  if (secret.owningService !== undefined) throw invalid(`You can't cancel this secret's rotation because it is managed by ${secret.owningService}.`);
  const token = secret.rotation?.running?.token;
  changing(run, secret);
  // What is half done stays half done: AWSPENDING is not taken off.
  if (secret.rotation) secret.rotation = { ...secret.rotation, enabled: false, running: undefined };
  record(run, secret, {});
  return { ARN: secret.arn, Name: secret.name, VersionId: token };
};

/** Starting and cancelling rotations. */
export const rotation: Record<string, Operation> = {
  RotateSecret: { kind: 'write', run: rotate },
  CancelRotateSecret: { kind: 'write', run: cancel },
};
