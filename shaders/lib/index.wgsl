// Which of the n items of a dispatch an invocation works on:
//
//   index = (group.y · groups.x + group.x) · size + local
//
// `size` is the number of invocations in a workgroup. Workgroups count along x and then y, since a dimension takes at
// most 65,535 of them. The caller checks the index against n.
struct Invocation {
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
}

fn linear_index(invocation: Invocation, size: u32) -> u32 {
  return (invocation.group.y * invocation.groups.x + invocation.group.x) * size + invocation.local;
}
