// A dispatch over n items is folded over x and y, since a dimension takes at most 65,535 workgroups.
// `size` is the number of invocations in a workgroup; the caller checks the index against n.
fn linear_index(group: vec3u, groups: vec3u, local: u32, size: u32) -> u32 {
  return (group.y * groups.x + group.x) * size + local;
}
