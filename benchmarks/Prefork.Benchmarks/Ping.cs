using System.Text.Json.Serialization;

namespace Prefork.Benchmarks;

/// <summary>{"id":1,"name":"ping"}: the one message of the measurement; the other names steer it.</summary>
internal sealed record Ping(int Id, string Name);

[JsonSerializable(typeof(Ping))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class PingJson : JsonSerializerContext;
