/** How objectives are written, as a part of the help. */
import { objectiveForms } from "../optvis/objective.ts";

/** Where a line says what is written before, and where it ends. */
const SAYS = 38;
const WIDTH = 100;

const EXAMPLES = `
  class:goldfish, class:"school bus", neuron:conv3_4:17:5,9, direction:conv3_4:3=1,17=-0.5^2,
  channel:conv2_1:5 - 0.5*channel:conv1_2:3, channel:conv3_4:0..3 + diversity:conv3_1 - 0.01*tv[0]`;

/** The forms, what they say beside them, and examples. */
export function objectiveHelp(): string {
  const lines = objectiveForms.flatMap(({ written, says }) => {
    const forms = `  ${written.join(", ")} `;
    const [first = "", ...more] = wrapped(says, WIDTH - SAYS);
    const beside = forms.length <= SAYS;
    const begin = beside
      ? [forms.padEnd(SAYS) + first]
      : [forms.trimEnd(), first.padStart(SAYS + first.length)];
    return [...begin, ...more.map((line) => line.padStart(SAYS + line.length))];
  });
  return `${lines.join("\n")}\n\nIndices count from 0; \`ascent info\` lists the layers. For example${EXAMPLES}`;
}

/** Words in lines of at most so many characters. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
