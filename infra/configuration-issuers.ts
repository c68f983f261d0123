import type { LeaseIssuer, Leases } from '../functions/core/configuration.ts';
import type { Problem } from './configuration-checks.ts';

/** The platform whose tokens an issuer gives to everybody's jobs, by its address: GitHub (the enterprises of it too) and GitLab. */
export const platformAt = (issuer: string): LeaseIssuer['platform'] => {
  const { hostname, pathname, protocol } = new URL(issuer);
  if (protocol === 'spiffe:') return undefined;
  if (hostname === 'gitlab.com') return 'gitlab';
  const isGithub = hostname === 'token.actions.githubusercontent.com' || /^token\.actions\.[^.]+\.ghe\.com$/.test(hostname) || pathname === '/_services/token';
  return isGithub ? 'github-actions' : undefined;
};

/** What is wrong with a SPIFFE trust domain as an issuer. */
const ofTrustDomain = ({ issuer, jwks, platform }: LeaseIssuer, path: string): Problem[] => [
  ...(/^spiffe:\/\/[a-z0-9._-]+$/.test(issuer) ? [] : [{ path: `${path}.issuer`, says: 'is no trust domain; expected one such as spiffe://prod.example.com, with nothing behind it' }]),
  ...(jwks === undefined ? [{ path: `${path}.jwks`, says: 'is missing; expected the https:// address of the trust domain\'s keys: a SPIFFE bundle or a JWKS' }] : []),
  ...(platform === undefined ? [] : [{ path: `${path}.platform`, says: 'is set for a trust domain, whose tokens name no run; expected it left out' }]),
];

const isReached = (address: string): boolean => ['https:', 'http:'].includes(new URL(address).protocol);

/** What is wrong with the issuers whose tokens are believed. */
export const problemsOfIssuers = ({ issuers }: Leases, local: boolean): Problem[] =>
  issuers.flatMap(({ issuer, jwks, platform }, n) => {
    const path = `leases.issuers[${n}]`;
    const known = platformAt(issuer);
    const isTrustDomain = new URL(issuer).protocol === 'spiffe:';
    const addresses = [...(isTrustDomain ? [] : [{ at: `${path}.issuer`, address: issuer }]), ...(jwks === undefined ? [] : [{ at: `${path}.jwks`, address: jwks }])];
    const plain = addresses.some(({ address }) => new URL(address).protocol === 'http:');
    return [
      ...addresses.filter(({ address }) => !isReached(address)).map(({ at }) => ({ path: at, says: 'is no https:// address; expected one, since keys are fetched from there' })),
      ...(isTrustDomain ? ofTrustDomain({ issuer, jwks, platform }, path) : []),
      ...(plain && !local ? [{ path, says: 'is reached over http://; expected https://, since its keys decide who is believed' }] : []),
      ...(known !== undefined && platform !== known ? [{ path: `${path}.platform`, says: `is not "${known}" for an issuer of ${known === 'gitlab' ? 'GitLab' : 'GitHub Actions'}; expected it, since every stranger's ${known === 'gitlab' ? 'project' : 'repository'} gets tokens from the same issuer` }] : []),
      ...(issuers.findIndex((other) => other.issuer === issuer) === n ? [] : [{ path: `${path}.issuer`, says: 'is there twice; expected each once' }]),
    ];
  });
