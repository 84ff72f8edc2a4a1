#!/bin/sh
# Makes the secrets that compose.prod.yaml reads, in the folder secrets/: a certificate authority of
# its own, RabbitMQ's certificate, a user, the Erlang cookie, an API key. What is there already is kept.
# With "cluster", broker_url names the three nodes.
#
#   sh deploy/docker/make_secrets.sh [cluster]
set -eu
umask 077
mkdir -p secrets
cd secrets
random() { openssl rand -hex 24; }

if [ ! -f ca.pem ]; then
  openssl req -x509 -newkey rsa:3072 -nodes -keyout ca.key -out ca.pem -days 3650 \
    -subj "/CN=ProxyMQ certificate authority" 2>/dev/null
fi
if [ ! -f rabbitmq.pem ]; then
  openssl req -newkey rsa:3072 -nodes -keyout rabbitmq.key -out rabbitmq.csr -subj "/CN=rabbitmq" \
    2>/dev/null
  printf 'subjectAltName=DNS:rabbitmq,DNS:rabbitmq-1,DNS:rabbitmq-2,DNS:rabbitmq-3\nextendedKeyUsage=serverAuth\n' \
    > rabbitmq.ext
  openssl x509 -req -in rabbitmq.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 \
    -extfile rabbitmq.ext -out rabbitmq.pem 2>/dev/null
  rm rabbitmq.csr rabbitmq.ext
fi
[ -f api_keys ] || random > api_keys
[ -f erlang_cookie ] || printf %s "$(random)" > erlang_cookie
if [ ! -f rabbitmq_user.conf ]; then
  printf 'default_user = proxymq\ndefault_pass = %s\n' "$(random)" > rabbitmq_user.conf
fi
hosts=rabbitmq
[ "${1:-}" != cluster ] || hosts=rabbitmq-1,rabbitmq-2,rabbitmq-3
printf 'amqps://proxymq:%s@%s' "$(sed -n 's/^default_pass = //p' rabbitmq_user.conf)" "$hosts" > broker_url

# Compose mounts these files as they are, and containers run as users that own none of them: the files
# can be read, and the folder keeps everybody else on this machine out.
chmod 644 ca.pem rabbitmq.pem rabbitmq.key rabbitmq_user.conf erlang_cookie api_keys broker_url
chmod 700 .
