/** Where in a network a function, a feed or the brokers are. */
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2'

/** How one of our functions gets into the brokers' network. */
export interface Placement {
  readonly vpc: IVpc
  readonly vpcSubnets: SubnetSelection
  readonly securityGroups: readonly ISecurityGroup[]
  /** With a way to the internet, for the feeds. */
  readonly publicSubnets: SubnetSelection
}
