import type { Issuer } from '../../core/connector.ts';
import type { ConnectorModule } from '../edges.ts';
import { endSessions, type Look } from './end.ts';
import { facts, name, permissions } from './facts.ts';
import { findSessions } from './find.ts';
import { keptByUs } from './own.ts';
import { probeSessions } from './probe.ts';
import { restoreSessions } from './restore.ts';
import { onceAtATime } from './shared-work.ts';
import { standingOf, type Standing } from './standing.ts';
import { writerOf } from './writer.ts';

/** Sessions of IAM roles: all that were issued before a time, or one by its name. */
export const awsRoleSession: ConnectorModule<Issuer> = {
  name,
  role: 'issuer',
  permissions,
  create: (edges) => {
    const writer = writerOf(edges);
    const kept = keptByUs(edges);
    const once = onceAtATime<Standing>();
    // all that is asked of IAM depends on these; who names another path of a role reads for itself
    const look: Look = (named, signal) => once(JSON.stringify([named.account, named.partition, named.roleArn, named.role]), signal, (shared) => standingOf(edges, named, shared));
    return {
      name,
      role: 'issuer',
      permissions,
      facts,
      find: (credential, context) => findSessions(edges, kept, credential, context),
      // to end a session for good is to deny it until it has expired: there is no other way
      contain: (credential, context) => endSessions(look, kept, writer, credential, context),
      restore: (credential, evidence, context) => restoreSessions(look, writer, credential, evidence, context),
      revoke: (credential, context) => endSessions(look, kept, writer, credential, context),
      probe: (credential, _value, context) => probeSessions(edges, credential, context),
    };
  },
};
