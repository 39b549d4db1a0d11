/**
 * HTML form, for mail clients: tables, inline styles, no image, no link, no script. The style sheet in the head only
 * adds what inline styles cannot say (dark colours, narrow screens) and may be dropped by a client without harm.
 */
const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Courier New',monospace";

export const HTML_TEMPLATE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>{{subject}}</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (max-width: 620px) {
  .outer { padding: 0 !important; }
  .card { border-radius: 0 !important; border-left: 0 !important; border-right: 0 !important; }
  .inside { padding-left: 20px !important; padding-right: 20px !important; }
  .name, .value { display: block !important; width: auto !important; padding-right: 0 !important; }
  .name { padding-bottom: 0 !important; border-bottom: 0 !important; }
  .value { padding-top: 2px !important; }
}
@media (prefers-color-scheme: dark) {
  .page { background: #0f1418 !important; }
  .card { background: #182027 !important; border-color: #2c3841 !important; }
  .strong { color: #f1f5f7 !important; }
  .body { color: #d3dce2 !important; }
  .quiet { color: #9aa9b3 !important; }
  .line { border-color: #2c3841 !important; }
  .code { background: #0b1014 !important; border-color: #34424c !important; color: #e3ecf1 !important; }
  .number { background: #2b3943 !important; color: #f1f5f7 !important; }
  .label-know { background: #21384a !important; color: #a9d4f2 !important; }
  .label-do { background: #173f37 !important; color: #8fe0c8 !important; }
  .label-hurry { background: #4d3110 !important; color: #ffc876 !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#eef1f3;-webkit-text-size-adjust:100%">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#eef1f3"><tr><td class="outer" align="center" style="padding:32px 12px">
<!--[if mso]><table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0" border="0"><tr><td><![endif]-->
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#ffffff;border:1px solid #dbe1e5;border-radius:10px">
<tr><td class="inside" style="padding:28px 32px 0;{{font}};text-align:left">
<span class="label-{{tone}}" style="display:inline-block;padding:3px 10px;border-radius:11px;font-size:12px;line-height:16px;font-weight:600;{{labelStyle}}">{{label}}</span>
<h1 class="strong" style="margin:14px 0 0;font-size:22px;line-height:29px;font-weight:650;color:#14202b">{{headline}}</h1>
{{#each paragraphs}}
<p class="body" style="margin:14px 0 0;font-size:15px;line-height:23px;color:#35434f">{{this}}</p>
{{/each}}
</td></tr>
<tr><td class="inside" style="padding:20px 32px 0;{{font}};text-align:left">
<table class="line" width="100%" cellpadding="0" cellspacing="0" border="0" style="border-top:1px solid #e3e8eb">
{{#each facts}}
<tr><th class="name quiet line" scope="row" align="left" valign="top" style="width:136px;padding:8px 16px 8px 0;border-bottom:1px solid #e3e8eb;font-size:13px;line-height:20px;font-weight:400;color:#5c6b77;text-align:left">{{name}}</th><td class="value strong line" valign="top" style="padding:8px 0;border-bottom:1px solid #e3e8eb;font-size:14px;line-height:20px;color:#14202b;overflow-wrap:anywhere;word-break:break-word">{{value}}</td></tr>
{{/each}}
</table>
</td></tr>
<tr><td class="inside" style="padding:24px 32px 0;{{font}};text-align:left">
<h2 class="strong" style="margin:0;font-size:16px;line-height:22px;font-weight:650;color:#14202b">{{stepsTitle}}</h2>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="table-layout:fixed">
{{#each steps}}
<tr><td valign="top" width="34" style="width:34px;padding:14px 0 0"><div class="number" style="width:22px;height:22px;border-radius:11px;background:#e6ebee;color:#14202b;font-size:12px;line-height:22px;font-weight:600;text-align:center">{{number}}</div></td><td valign="top" style="padding:14px 0 0">
<div class="body" style="font-size:15px;line-height:22px;color:#35434f;overflow-wrap:anywhere">{{text}}</div>
{{#if command}}
<div class="code" style="margin:8px 0 2px;padding:11px 13px;border:1px solid #d5dce0;border-radius:6px;background:#f4f6f7;color:#14202b;{{../mono}};font-size:13px;line-height:20px;overflow-wrap:anywhere">{{#each (words command)}}<span style="display:inline-block;max-width:100%">{{this}}</span>{{#unless @last}} {{/unless}}{{/each}}</div>
{{/if}}
</td></tr>
{{/each}}
</table>
</td></tr>
<tr><td class="inside" style="padding:26px 32px 26px;{{font}};text-align:left">
<p class="quiet line" style="margin:0;padding:16px 0 0;border-top:1px solid #e3e8eb;font-size:12px;line-height:18px;color:#5c6b77">{{footer}}</p>
</td></tr>
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr></table>
</body>
</html>
`
  .replaceAll('{{font}}', FONT)
  .replaceAll('{{../mono}}', MONO);

export const LABEL_STYLES = {
  know: 'background:#e1eef8;color:#134e7a',
  do: 'background:#d9f2ea;color:#0b5442',
  hurry: 'background:#fdebcf;color:#7a4300',
} as const;
