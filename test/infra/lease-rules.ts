import { ConfigurationError, parseConfiguration } from '../../infra/configuration.ts';

/** An installation with one owner, `ci`, and a vault. */
export const house = { installation: 'acme', owners: [{ name: 'ci', contact: '#ci' }], fallbackOwner: 'ci', vault: { address: 'https://vault.example.com', token: 'rescind/vault' } };

/** What is wrong with rules for leases in that house, line by line, without the file's name. */
export const wrong = (leases: object, { more = {}, local = false }: { more?: object; local?: boolean } = {}): string[] => {
  try {
    parseConfiguration(JSON.stringify({ ...house, ...more, leases }), 'acme.json', { local });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^acme\.json: /, ''));
  }
};

/** A caller who signs as a role, and may lease one token for runs of Batch. */
export const byRole = (more: object = {}) => ({
  name: 'nightly', issuer: 'aws-iam', principal: 'arn:aws:iam::111122223333:role/broker', platforms: ['aws-batch'], owner: 'ci', may: [{ connector: 'vault', id: 'token/abc' }], ...more,
});
