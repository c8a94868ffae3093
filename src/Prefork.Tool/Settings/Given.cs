using System.CommandLine;

namespace Prefork.Tool.Settings;

/// <summary>What one source says, the command line or the file, or one over the other. Not changed any more.</summary>
internal sealed class Given(IReadOnlyDictionary<Setting, Item> items)
{
    internal static Given Nothing { get; } = new(new Dictionary<Setting, Item>());

    internal static Given Of(ParseResult result)
    {
        var items = new Dictionary<Setting, Item>();
        foreach (var setting in KnownSettings.All)
        {
            if (setting.Read(result) is { } item)
            {
                items.Add(setting, item);
            }
        }

        return new Given(items);
    }

    internal bool IsNothing => items.Count == 0;

    /// <summary>The default of the type when it is not given.</summary>
    internal T? Get<T>(Setting<T> setting) => Find(setting) is { } item ? (T)item.Value : default;

    internal Item? Find(Setting setting) => items.GetValueOrDefault(setting);

    internal Given With(Setting setting, Item item) => new(new Dictionary<Setting, Item>(items) { [setting] = item });

    /// <summary>What this says goes before what <paramref name="under"/> says.</summary>
    internal Given Over(Given under)
    {
        var all = KnownSettings.All.Select(setting => (Setting: setting, Over: Find(setting), Under: under.Find(setting))).Where(static pair => (pair.Over ?? pair.Under) is not null);
        return new Given(all.ToDictionary(
            static pair => pair.Setting,
            static pair => pair is { Over: { } over, Under: { } below } ? pair.Setting.Combine(over, below) : (pair.Over ?? pair.Under)!));
    }
}
