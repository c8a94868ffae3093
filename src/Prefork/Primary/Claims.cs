using System.Text.Json;
using Prefork.Wire;

namespace Prefork.Primary;

/// <summary>Who was first, by name, for the primary's life. What workers send is bounded: when the table is full, nobody is first any more.</summary>
internal sealed class Claims
{
    /// <summary>The request by which workers ask. The name is taken: users' handlers cannot have it.</summary>
    internal const string RequestName = "prefork.claim";
    internal const int MaxNameLength = 256;
    private const int MaxNames = 4096;

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    internal ValueTask<Action<LineWriter>> AnswerAsync(JsonElement name)
    {
        var first = name.ValueKind == JsonValueKind.String && TryClaim(name.GetString()!);
        return ValueTask.FromResult<Action<LineWriter>>(writer => writer.Json.WriteBooleanValue(first));
    }

    private bool TryClaim(string name)
    {
        lock (_names)
        {
            return name.Length <= MaxNameLength && _names.Count < MaxNames && _names.Add(name);
        }
    }
}
