import {idxDataset} from './idx-set.js';

/**
 * Fashion-MNIST: 60,000 + 10,000 pictures of clothes in ten classes, uint8 images (n, 28, 28) and uint8 labels (n,): T-shirt/top,
 * trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot. (Xiao, Rasul, Vollgraf, 2017, arXiv:1708.07747.)
 *
 * @example
 * const {train: [images, labels]} = await datasets.fashionMnist.loadData();
 */
export const fashionMnist = idxDataset(
  {
    dataset: 'fashion-mnist',
    folders: ['/usr/share/datasets/fashion-mnist'],
    url: 'https://storage.googleapis.com/tensorflow/tf-keras-datasets/',
  },
  {
    'train-images-idx3-ubyte': 'c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888',
    'train-labels-idx1-ubyte': 'bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9',
    't10k-images-idx3-ubyte': '5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b',
    't10k-labels-idx1-ubyte': '0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34',
  },
);
