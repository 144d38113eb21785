// An OpenID Connect provider on this machine, for the tests of signing in. It lets everybody in whom `login_hint` of the
// authorization call names, and prints its issuer in one line when it answers.
import http from 'node:http';
import Provider from 'oidc-provider';

const CALLBACK = 'http://127.0.0.1/stoker/v1/session/openid/callback';
const ACCOUNTS = {
  ada: { preferred_username: 'ada', given_name: 'Ada', family_name: 'Byron', email: 'ada@example.com', email_verified: true, roles: ['north'] },
  eve: { preferred_username: 'eve', given_name: 'Eve', family_name: 'Evans', email: 'eve@example.com', email_verified: false, roles: [] },
};

const server = http.createServer((request, response) => answer(request, response));
let answer = (_, response) => response.writeHead(503).end();

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'stoker',
        client_secret: 'a secret & more',
        application_type: 'native',
        redirect_uris: [CALLBACK],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['preferred_username', 'given_name', 'family_name', 'roles'],
    },
    conformIdTokenClaims: process.env.CLAIMS_IN_ID_TOKEN !== 'yes',
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...ACCOUNTS[id.replace('subject-', '')] }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  });
  const handle = provider.callback();
  answer = async (request, response) => {
    if (!request.url.startsWith('/interaction/')) {
      return handle(request, response);
    }
    const { params, prompt } = await provider.interactionDetails(request, response);
    const known = Object.hasOwn(ACCOUNTS, params.login_hint ?? '');
    if (prompt.name === 'consent') {
      return provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
    }
    const result = known ? { login: { accountId: `subject-${params.login_hint}` } } : { error: 'access_denied' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  };
  process.stdout.write(`${issuer}\n`);
});
