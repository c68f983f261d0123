import { RemovalPolicy } from 'aws-cdk-lib/core';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpNoneAuthorizer, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { accept } from './nag.ts';

const { GET, POST, OPTIONS } = HttpMethod;

/** What people and tools ask; each needs AWS credentials (SigV4). */
export const apiRoutes: [HttpMethod, string][] = [
  [GET, '/cases'],
  [GET, '/cases/{id}'],
  [POST, '/cases/{id}/close'],
  [GET, '/tasks'],
  [POST, '/tasks/{id}'],
  [GET, '/credentials'],
  [GET, '/health'],
];

/** What senders call; each request carries its own proof. */
export const triggerRoute = { path: '/triggers/{source}', methods: [POST, GET, OPTIONS] };

/** What jobs ask; each request carries its own proof, an OIDC token. */
export const tokenRoutes: [HttpMethod, string][] = [
  [POST, '/leases'],
  [POST, '/leases/{id}/renew'],
  [POST, '/leases/{id}/end'],
];

/** What jobs with AWS credentials ask, and people who look after leases (SigV4). */
export const leaseRoutes: [HttpMethod, string][] = [
  [POST, '/iam/leases'],
  [POST, '/iam/leases/{id}/renew'],
  [POST, '/iam/leases/{id}/end'],
  [GET, '/leases'],
  [GET, '/leases/{id}'],
  [POST, '/leases/{id}/revoke'],
];

/** Requests a second, and in a burst, before senders are told to come again. */
const THROTTLE = { rateLimit: 200, burstLimit: 400 };

/** No header, no query and no body: some senders put their proof there. */
const accessLog = AccessLogFormat.custom(
  JSON.stringify({ request: '$context.requestId', time: '$context.requestTime', route: '$context.routeKey', status: '$context.status', milliseconds: '$context.responseLatency', from: '$context.identity.sourceIp', error: '$context.integrationErrorMessage' }),
);

/** The HTTP API: `/triggers/{source}` for the world, leases for jobs with a token, everything else behind IAM. */
export class Ingress extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, { prefix, receive, api, leases }: { prefix: string; receive: IFunction; api: IFunction; leases: IFunction }) {
    super(scope, id);
    const http = new HttpApi(this, 'Api', { apiName: prefix, createDefaultStage: false });
    const triggers = http.addRoutes({ ...triggerRoute, integration: new HttpLambdaIntegration('Receive', receive), authorizer: new HttpNoneAuthorizer() });
    for (const route of triggers) {
      accept(route, 'AwsSolutions-APIG4', 'Senders cannot sign with AWS credentials: receive checks their signature over the raw bytes before anything else.');
    }
    const lend = new HttpLambdaIntegration('Lend', leases);
    for (const [method, path] of tokenRoutes) {
      for (const route of http.addRoutes({ path, methods: [method], integration: lend, authorizer: new HttpNoneAuthorizer() })) {
        accept(route, 'AwsSolutions-APIG4', 'Jobs of other platforms have no AWS credentials: leases checks the OIDC token against the keys of an issuer that the configuration trusts, and its claims against those of a subject, before anything else.');
      }
    }
    const answer = new HttpLambdaIntegration('Answer', api);
    const authorizer = new HttpIamAuthorizer();
    for (const [method, path] of apiRoutes) http.addRoutes({ path, methods: [method], integration: answer, authorizer });
    for (const [method, path] of leaseRoutes) http.addRoutes({ path, methods: [method], integration: lend, authorizer });
    const log = new LogGroup(this, 'AccessLog', { logGroupName: `/rescind/${prefix}/access`, retention: RetentionDays.SIX_MONTHS, removalPolicy: RemovalPolicy.DESTROY });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: http,
      stageName: '$default',
      autoDeploy: true,
      throttle: THROTTLE,
      accessLogSettings: { destination: new LogGroupLogDestination(log), format: accessLog },
    });
    this.url = stage.url;
  }
}
