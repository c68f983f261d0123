import type { VaultSettings } from '../../core/configuration.ts';
import type { Edges } from '../edges.ts';

/** Where the vault is, and where our token is kept. */
export interface Door {
  /** Without `/v1` and without a slash at its end. */
  base: string;
  settings: VaultSettings;
}

const whatToDo = 'add vault.address (https://...) and vault.token (the name of the secret that holds a token of ours) to the configuration';

/** The door of the configured vault, or why nothing is sent: there is none, or a token would travel in the clear. */
export const doorOf = ({ configuration: { vault: settings }, local }: Pick<Edges, 'configuration' | 'local'>): Door | { refused: string } => {
  if (!settings) return { refused: `no vault is configured: ${whatToDo}` };
  const url = URL.canParse(settings.address) ? new URL(settings.address) : undefined;
  if (!url || !['https:', 'http:'].includes(url.protocol)) return { refused: `the vault's address in the configuration is none: ${whatToDo}` };
  if (url.protocol !== 'https:' && !local) return { refused: "the vault's address in the configuration is not HTTPS: a token is not sent in the clear" };
  if (url.username || url.password || url.search || url.hash) return { refused: "the vault's address in the configuration has more than a host and a path" };
  return { base: url.href.replace(/\/+$/, ''), settings };
};
