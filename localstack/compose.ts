/**
 * The addresses of the services of docker-compose.yml: on this machine, and inside its network, where the functions
 * run.
 */
export const COMPOSE = {
  endpoint: 'http://127.0.0.1:4566',
  brokers: '127.0.0.1:19092',
  registry: 'http://127.0.0.1:18081',
  'inside-brokers': 'redpanda:9092',
  'inside-registry': 'http://redpanda:8081',
} as const
