import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { must } from './command.ts';
import { plainEnvironment, type Places } from './places.ts';
import type { Undo } from './undo.ts';

/** A certificate for this machine, made for this run, with the file of its key. */
export interface Certificate {
  certificateFile: string;
  keyFile: string;
  /** The certificate itself, for clients to trust. */
  pem: string;
}

const names = ['IP:127.0.0.1', 'DNS:localhost', 'DNS:*.execute-api.localhost'];

/** Makes the certificate. Policies of the stack refuse what comes unencrypted, so everything here speaks HTTPS. */
export const makeCertificate = async (places: Places): Promise<Certificate> => {
  const [keyFile, certificateFile] = [join(places.folder, 'tls.key'), join(places.folder, 'tls.crt')];
  const subject = ['-subj', '/CN=rescind-deployed-proof', '-addext', `subjectAltName=${names.join(',')}`];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  await must('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', keyFile, '-out', certificateFile], { env: plainEnvironment(places), seconds: 30 });
  return { keyFile, certificateFile, pem: readFileSync(certificateFile, 'utf8') };
};

/** Puts HTTPS in front of a server on loopback, since Rescind sends its tokens over nothing else; answers the address. */
export const overTls = async (url: string, { keyFile, pem }: Certificate, undo: Undo): Promise<string> => {
  const { hostname, port } = new URL(url);
  const server = createServer({ key: readFileSync(keyFile), cert: pem }, (socket) => {
    const inner = connect(Number(port), hostname);
    const close = (): void => {
      socket.destroy();
      inner.destroy();
    };
    socket.on('error', close).on('close', close);
    inner.on('error', close).on('close', close);
    socket.pipe(inner).pipe(socket);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.add(() => void server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
