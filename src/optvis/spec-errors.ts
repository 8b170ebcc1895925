/** What refusals of an objective's spec have in common. */

export const EXAMPLE =
  'write for example channel:conv2_1:5 - 0.5*channel:conv1_2:3, or class:"NAME WITH SPACES"';
