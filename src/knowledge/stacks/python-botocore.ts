import { sysctlLine } from '../../keepalive/remedy.ts';
import type { StackFacts } from '../stack.ts';

export const stack = {
  name: 'boto3 and botocore, with the timers of the host',
  schemes: ['https'],
  source: 'https://pypi.org/project/botocore/1.43.107/',
  note: 'config.py and args.py of 1.43.107',
  keepalive: null,
  switchOn: (values) => [
    'import boto3',
    'from botocore.config import Config',
    "client = boto3.client('SERVICE', config=Config(tcp_keepalive=True))",
    `# on the host: ${sysctlLine(values)}`,
  ],
} satisfies StackFacts;
