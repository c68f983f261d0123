import { App, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { connectors } from '../functions/connectors/index.ts';
import { ConfigurationError, readConfiguration } from './configuration.ts';
import { HEALTH_REGION, HealthForwarder } from './health-forwarder.ts';
import { settingsOf } from './settings.ts';
import { Rescind } from './stack.ts';

const build = (): void => {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const settings = settingsOf((name) => app.node.tryGetContext(name));
  const configuration = readConfiguration(settings.installation);
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  new Rescind(app, 'Rescind', { configuration, connectors, settings, env: { account, region } });
  if (region !== undefined && region !== HEALTH_REGION) new HealthForwarder(app, 'RescindHealthForwarder', { mainRegion: region, env: { account, region: HEALTH_REGION } });
};

try {
  build();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  // what is wrong is in the file, not in our code: no stack
  console.error(error.message);
  process.exitCode = 1;
}
