import { versionIdOf } from './build-state.ts';
import type { Run } from './operations.ts';
import { arnOf, type AwsState } from './state.ts';

const KEPT_EVENTS = 50_000;

/** What a recorded call changed, without any secret value. */
export interface TrailEntry {
  requestParameters?: object;
  responseElements?: object;
  resources?: { ResourceType: string; ResourceName: string }[];
}

const identityOf = (run: Run) => {
  const { caller } = run.request;
  const shared = { arn: caller.arn, accountId: caller.account, accessKeyId: caller.accessKeyId, principalId: caller.userId };
  if (caller.roleName !== undefined)
    return { type: 'AssumedRole', ...shared, sessionContext: {
      sessionIssuer: { type: 'Role', principalId: caller.userId.split(':')[0], arn: arnOf.role(run.state, caller.roleName), accountId: caller.account, userName: caller.roleName },
      attributes: { creationDate: caller.issuedAt, mfaAuthenticated: 'false' },
    } };
  if (caller.sessionName !== undefined) return { type: 'FederatedUser', ...shared };
  const session = caller.issuedAt === undefined ? {} : { sessionContext: { attributes: { creationDate: caller.issuedAt, mfaAuthenticated: 'false' } } };
  return { type: 'IAMUser', ...shared, userName: caller.userName, ...session };
};

const append = (state: AwsState, event: AwsState['trail'][number]) => {
  state.trail.push(event);
  if (state.trail.length > KEPT_EVENTS) state.trail.splice(0, state.trail.length - KEPT_EVENTS);
};

/** Adds the call that is being carried out to the trail, as CloudTrail records a management event. */
export const recordCall = (run: Run, entry: TrailEntry): void => {
  const { request, now } = run;
  const { caller, service, operation } = request;
  const at = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const id = versionIdOf(run.random(16).toString('hex'));
  const source = `${service}.amazonaws.com`;
  append(run.state, {
    id, source, at, name: operation, readOnly: false,
    username: caller.sessionName ?? caller.userName,
    accessKeyId: caller.accessKeyId,
    resources: entry.resources ?? [],
    record: JSON.stringify({
      eventVersion: '1.11', userIdentity: identityOf(run), eventTime: at, eventSource: source, eventName: operation,
      awsRegion: service === 'iam' ? 'us-east-1' : request.region, sourceIPAddress: '127.0.0.1', userAgent: caller.userAgent,
      requestParameters: entry.requestParameters ?? null, responseElements: entry.responseElements ?? null,
      requestID: request.requestId, eventID: id, readOnly: false, eventType: 'AwsApiCall', managementEvent: true,
      recipientAccountId: run.state.account, eventCategory: 'Management',
    }),
  });
};

/** Adds what a service did by itself, such as a rotation that succeeded. */
export const recordServiceEvent = (state: AwsState, now: Date, name: string, additionalEventData: Record<string, string>): void => {
  const at = now.toISOString().replace(/\.\d+Z$/, 'Z');
  const id = versionIdOf(`${name} ${at} ${state.trail.length} ${JSON.stringify(additionalEventData)}`);
  append(state, {
    id, at, name, source: 'secretsmanager.amazonaws.com', readOnly: false, resources: [],
    record: JSON.stringify({
      eventVersion: '1.11', userIdentity: { accountId: state.account, invokedBy: 'secretsmanager.amazonaws.com' }, eventTime: at,
      eventSource: 'secretsmanager.amazonaws.com', eventName: name, awsRegion: state.region, eventID: id, readOnly: false,
      eventType: 'AwsServiceEvent', additionalEventData, recipientAccountId: state.account, eventCategory: 'Management',
    }),
  });
};
