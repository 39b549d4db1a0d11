/** Plain text form. Values go in as they are; they hold no line break. */
export const TEXT_TEMPLATE = `{{headline}}
{{rule}}
{{label}}
{{#each paragraphs}}

{{this}}
{{/each}}

{{#each facts}}
{{pad name}}{{value}}
{{/each}}

{{stepsTitle}}
{{#each steps}}

{{number}}. {{text}}
{{#if command}}

   {{command}}
{{/if}}
{{/each}}

--
{{footer}}
`;
