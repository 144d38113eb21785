/** An identity provider (OpenID Connect) that lets everybody in as whom it was told, without asking. */

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

const AUDIENCE = 'stoker';
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

export class Provider {
  issuer = '';
  /** Who comes next, and the names of their roles there. */
  person = { sub: 'none', preferred_username: '', email: '', name: '', roles: [] as string[] };
  private readonly key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private readonly codes = new Map<string, Record<string, unknown>>();
  private server: Server | undefined;

  /** Starts on this machine. */
  static async start(): Promise<Provider> {
    const provider = new Provider();
    const server = createServer(async (request, response) => {
      const url = new URL(request.url ?? '/', provider.issuer);
      if (url.pathname === '/auth') {
        response.writeHead(302, { location: provider.entered(url.searchParams) }).end();
        return;
      }
      const body = provider.answer(url.pathname, new URLSearchParams(await read(request)));
      response.writeHead(body ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    provider.server = server;
    provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return provider;
  }

  /** Settings of a server that trusts it. */
  settings() {
    return { openId: { issuer: this.issuer, clientId: AUDIENCE, name: 'Example login', createUsers: true } };
  }

  /** Where the browser goes back to, with a code that is good once. */
  private entered(asked: URLSearchParams): string {
    const code = randomUUID();
    this.codes.set(code, { ...this.person, email_verified: true, nonce: asked.get('nonce') });
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString();
    return back.toString();
  }

  private answer(path: string, form: URLSearchParams): object | undefined {
    const at = (place: string) => `${this.issuer}/${place}`;
    if (path === '/.well-known/openid-configuration') {
      return {
        issuer: this.issuer,
        authorization_endpoint: at('auth'),
        token_endpoint: at('token'),
        jwks_uri: at('keys'),
      };
    }
    if (path === '/keys') return { keys: [{ ...this.key.publicKey.export({ format: 'jwk' }), kid: 'one' }] };
    const claims = path === '/token' ? this.codes.get(form.get('code') ?? '') : undefined;
    if (!claims) return undefined;
    this.codes.delete(form.get('code') ?? '');
    return { id_token: this.token(claims), access_token: 'none', token_type: 'Bearer' };
  }

  private token(claims: object): string {
    const now = Math.floor(Date.now() / 1000);
    const all = { ...claims, iss: this.issuer, aud: AUDIENCE, iat: now, exp: now + 300 };
    const text = `${part({ alg: 'ES256', kid: 'one' })}.${part(all)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  async stop(): Promise<void> {
    await new Promise((done) => this.server?.close(done));
  }
}
