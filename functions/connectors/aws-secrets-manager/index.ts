import type { Store } from '../../core/connector.ts';
import type { ConnectorModule } from '../edges.ts';
import { facts, name, permissions } from './facts.ts';
import { replaceText } from './replace.ts';
import { rotateSecrets } from './rotate.ts';
import { textOf } from './secret.ts';

/** Secrets of AWS Secrets Manager: they keep copies, and rotate them where a rotation function is configured. */
export const awsSecretsManager: ConnectorModule<Store> = {
  name,
  role: 'store',
  permissions,
  create: (edges) => ({
    name,
    role: 'store',
    permissions,
    facts,
    rotate: (copies, opens, context) => rotateSecrets(edges, copies, opens, context),
    read: async (place, version, { signal }) => {
      signal.throwIfAborted();
      return (await textOf(edges, place, version, signal))?.text;
    },
    replace: (place, edit, token, { signal }) => replaceText(edges, place, edit, token, signal),
  }),
};
