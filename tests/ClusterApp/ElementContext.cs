using System.Text.Json;
using System.Text.Json.Serialization;

namespace ClusterApp;

/// <summary>JSON as it is, however deep.</summary>
[JsonSourceGenerationOptions(MaxDepth = 10_000)]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class ElementContext : JsonSerializerContext;
