// The program that holds the secret: it answers every request with the signed body of a Connect.
// 保管密钥的程序：每次请求返回一个已签名的 Connect body，密钥不进入页面。
import { createHmac, randomInt } from 'node:crypto';
import { createServer } from 'node:http';

const secretId = 'AKIDhall';
const secretKey = process.env.TCV_SECRET_KEY;

function signedBody() {
  const fields = {
    TcvSecretId: secretId,
    TcvTimestamp: Math.floor(Date.now() / 1000),
    TcvNonce: randomInt(2 ** 47),
  };
  const text = Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
  return { ...fields, TcvSignature: createHmac('sha256', secretKey).update(text).digest('base64') };
}

createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'access-control-allow-origin': '*' });
  response.end(JSON.stringify(signedBody()));
}).listen(Number(process.argv[2] ?? 3001), '127.0.0.1');
