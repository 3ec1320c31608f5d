"""Operations by JAX: one by one, and compiled. All that is computed on is an argument, so that nothing is folded into the program."""
import jax
import jax.numpy as jnp
from common import MARK, SGEMM, emit, timed, wanted

PEER = f"JAX {jax.__version__}"
JIT = f"{PEER}, jit"
random = lambda *shape, seed=0: jax.random.normal(jax.random.key(seed), shape)
# Calls return before the work is done.
done = lambda fn, *args: lambda: jax.block_until_ready(fn(*args))

if wanted("sgemm"):
    for m, n, k, transposed in SGEMM:
        # XLA takes a transposed operand as a flag of the product.
        left = (lambda a: a.T) if transposed == "a" else (lambda a: a)
        right = (lambda b: b.T) if transposed == "b" else (lambda b: b)
        a = random(*((k, m) if transposed == "a" else (m, k)))
        b = random(*((n, k) if transposed == "b" else (k, n)), seed=1)
        product = jax.jit(lambda a, b, left=left, right=right: left(a) @ right(b))
        flops = 2 * m * n * k
        seconds = timed(done(product, a, b), 7, inner=max(1, round(2e9 / flops)))
        emit(JIT, f"sgemm_{m}x{n}x{k}{MARK[transposed]}", flops / seconds / 1e9, "GFLOP/s")
    x = random(1000, 1000)
    product = jax.jit(lambda x: x @ x)
    emit(JIT, "matmul_1000_x100", timed(lambda: [product(x) for _ in range(100)][-1].block_until_ready(), 3) * 1e3, "ms")


def chain(x):
    for _ in range(5):
        x = x * 1.01 + 0.1
    return x


if wanted("eager"):
    a, b = random(10), random(10, seed=1)
    emit(PEER, "add_10_eager", timed(done(jnp.add, a, b), 9, 1000, 10_000) * 1e6, "us")
    emit(PEER, "chain10_1e6_eager", timed(done(chain, random(1_000_000)), 9, inner=20) * 1e3, "ms")
    emit(JIT, "softmax_1024x1024", timed(done(jax.jit(jax.nn.softmax), random(1024, 1024)), 9, inner=20) * 1e3, "ms")

if wanted("compiled"):
    emit(JIT, "chain10_1e6_jit", timed(done(jax.jit(chain), random(1_000_000)), 9, 20, 20) * 1e3, "ms")

    def cell(x, h, c, kernel, recurrent, bias):
        i, f, g, o = jnp.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c

    weights = [random(100, 100), random(100, 100), random(100, 100), random(100, 400), random(100, 400), random(400)]
    cell = jax.jit(cell)
    hundred = lambda: jax.block_until_ready([cell(*weights) for _ in range(100)])
    emit(JIT, "lstm_cell_100_calls_jit", timed(hundred, 9, 2) * 1e3, "ms")

    network = jax.jit(lambda x, w1, b1, w2, b2: jax.nn.sigmoid(jnp.tanh(x @ w1 + b1) @ w2 + b2))
    given = [random(1, 2), random(2, 8), random(8), random(8, 1), random(1)]
    emit(JIT, "xor_forward_1_jit", timed(done(network, *given), 7, 500, 1000) * 1e6, "us")

if wanted("adam"):
    def adam(weights, moments, velocities, gradients, step):
        def one(w, m, v, g):
            m, v = m + (g - m) * 0.1, v + (g * g - v) * 0.001
            rate = 0.001 * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            return w - rate * m / (jnp.sqrt(v) + 1e-7), m, v

        return [list(each) for each in zip(*[one(*each) for each in zip(weights, moments, velocities, gradients)])]

    # As its users write it: arguments that are replaced are donated.
    update = jax.jit(adam, donate_argnums=(0, 1, 2))
    state = [[random(1000, 1000, seed=i) for i in range(10)], *[[jnp.zeros((1000, 1000)) for _ in range(10)] for _ in range(2)]]
    gradients = [random(1000, 1000, seed=i) for i in range(10)]
    count = [0]

    def step():
        count[0] += 1
        state[:] = update(*state, gradients, float(count[0]))
        jax.block_until_ready(state)

    emit(JIT, "adam_10x1000x1000", timed(step, 31) * 1e3, "ms")

if wanted("layers"):
    def normalized(x, scale, shift):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale + shift

    gradients = jax.jit(lambda x, scale, shift, dy: jax.vjp(normalized, x, scale, shift)[1](dy))
    given = [random(4096, 512), random(512), random(512), random(4096, 512, seed=1)]
    emit(JIT, "layer_norm_4096x512_gradients", timed(done(gradients, *given), 21, 3, 2) * 1e3, "ms")
