"""The rows of fit by Keras on JAX, which compiles every step."""
import os

os.environ["KERAS_BACKEND"] = "jax"
import keras
from keras_models import measure

measure(f"Keras on JAX {keras.__version__}")
