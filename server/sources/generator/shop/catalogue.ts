/** What the shop sells. */
export interface Product {
  readonly product: string;
  readonly category: string;
  /** In hundredths of a yuan, since sums of money must be exact. */
  readonly priceCents: number;
  /** How often it is sold, beside the others. */
  readonly weight: number;
}

export const PRODUCTS: readonly Product[] = [
  { product: '无线降噪耳机', category: '数码', priceCents: 59_900, weight: 7 },
  { product: '智能手环', category: '数码', priceCents: 24_900, weight: 8 },
  { product: '机械键盘', category: '数码', priceCents: 39_900, weight: 5 },
  { product: '轻薄笔记本', category: '数码', priceCents: 549_900, weight: 1 },
  { product: '扫地机器人', category: '家电', priceCents: 229_900, weight: 2 },
  { product: '空气炸锅', category: '家电', priceCents: 32_900, weight: 6 },
  { product: '破壁料理机', category: '家电', priceCents: 45_900, weight: 3 },
  { product: '轻薄羽绒服', category: '服饰', priceCents: 49_900, weight: 6 },
  { product: '亚麻衬衫', category: '服饰', priceCents: 15_900, weight: 9 },
  { product: '针织连衣裙', category: '服饰', priceCents: 26_900, weight: 8 },
  { product: '玻尿酸面膜', category: '美妆', priceCents: 9_900, weight: 12 },
  { product: '哑光口红', category: '美妆', priceCents: 12_900, weight: 9 },
  { product: '防晒乳', category: '美妆', priceCents: 8_900, weight: 8 },
  { product: '每日坚果礼盒', category: '食品', priceCents: 12_800, weight: 11 },
  { product: '有机大米 5 kg', category: '食品', priceCents: 6_990, weight: 10 },
  { product: '云南咖啡豆', category: '食品', priceCents: 7_900, weight: 7 },
  { product: '婴儿纸尿裤', category: '母婴', priceCents: 13_900, weight: 8 },
  { product: '儿童绘本套装', category: '母婴', priceCents: 8_800, weight: 7 },
  { product: '缓震跑鞋', category: '运动', priceCents: 36_900, weight: 7 },
  { product: '防滑瑜伽垫', category: '运动', priceCents: 9_900, weight: 6 },
  { product: '户外登山包', category: '运动', priceCents: 28_900, weight: 4 },
  { product: '纯棉四件套', category: '家居', priceCents: 29_900, weight: 6 },
  { product: '护眼台灯', category: '家居', priceCents: 18_900, weight: 5 },
  { product: '乳胶枕', category: '家居', priceCents: 19_900, weight: 6 },
];

export const CATEGORIES: readonly string[] = [...new Set(PRODUCTS.map(({ category }) => category))];

export interface City {
  readonly city: string;
  /** Its share of the orders, beside the others. */
  readonly weight: number;
}

export const CITIES: readonly City[] = [
  { city: '上海', weight: 14 },
  { city: '北京', weight: 13 },
  { city: '深圳', weight: 11 },
  { city: '广州', weight: 10 },
  { city: '杭州', weight: 9 },
  { city: '成都', weight: 8 },
  { city: '武汉', weight: 6 },
  { city: '南京', weight: 6 },
  { city: '重庆', weight: 5 },
  { city: '苏州', weight: 5 },
  { city: '西安', weight: 4 },
  { city: '长沙', weight: 4 },
  { city: '天津', weight: 3 },
  { city: '郑州', weight: 3 },
  { city: '青岛', weight: 2 },
  { city: '厦门', weight: 2 },
];

/** A way to pick one of these by weight. @returns the item that a number in [0, 1) falls on */
export function createPicker<Item extends { readonly weight: number }>(items: readonly Item[]): (at: number) => Item {
  const last = items.at(-1);
  if (!last) throw new RangeError('there is nothing to pick from');
  let sum = 0;
  const ends = items.map(({ weight }) => {
    sum += weight;
    return sum;
  });
  return (at) => items[ends.findIndex((end) => at * sum < end)] ?? last;
}

/** The price of a product on average, as often as each is sold. */
export function meanPriceCents(): number {
  const weights = PRODUCTS.reduce((sum, { weight }) => sum + weight, 0);
  return PRODUCTS.reduce((sum, { priceCents, weight }) => sum + priceCents * weight, 0) / weights;
}
